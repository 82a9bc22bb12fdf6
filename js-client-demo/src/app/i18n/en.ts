import { board } from '../board/text.en';
import { chat } from '../chat/text.en';
import { dashboard } from '../dashboard/text.en';
import { login } from '../session/text.en';
import { settings } from '../settings/text.en';
import { shell } from '../shell/text.en';
import { message } from '../ui/text.en';

/** All texts in English, by the screen they were declared for. */
export const en = { board, chat, dashboard, login, message, settings, shell };
