import { board } from '../board/text.en';
import { chat } from '../chat/text.en';
import { login } from '../session/text.en';
import { shell } from '../shell/text.en';
import { message } from '../ui/text.en';

/** All texts in English, by the screen they were declared for. */
export const en = { board, chat, login, message, shell };
