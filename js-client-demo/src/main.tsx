import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './app/styles/tokens.css';
import './app/styles/base.css';
import './app/styles/inter.css';
import './app/ui/ui.css';
import { App } from './app/App';
import { startSpeaking } from './app/i18n';
import { startWearing } from './app/shell/preferences';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

startWearing();
await startSpeaking();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
