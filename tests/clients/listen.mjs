// Prints every event as it arrives: node listen.mjs --url http://127.0.0.1:3333 --token JWT
import { parseArgs } from 'node:util';
import { io } from 'socket.io-client-4'; // in a project of your own: 'socket.io-client'

const { url, token } = parseArgs({ options: { url: { type: 'string' }, token: { type: 'string' } } }).values;
const socket = io(url, { auth: { token }, transports: ['websocket', 'polling'] });

socket.on('connect', () => console.log('connected', socket.recovered ? '(nothing missed)' : ''));
socket.on('connect_error', (error) => console.log('refused:', error.message));
socket.on('disconnect', (reason) => console.log('disconnected:', reason));
socket.onAny((event, data) => console.log(event, JSON.stringify(data)));
