import { board } from '../board/text.en';
import { chatComposer } from '../chat/composer/text.en';
import { chatContact } from '../chat/contact/text.en';
import { chatKeys } from '../chat/keys/text.en';
import { chatList } from '../chat/list/text.en';
import { chatMedia } from '../chat/media/text.en';
import { chatThread } from '../chat/thread/text.en';
import { dashboard } from '../dashboard/text.en';
import { refusals } from '../refusals/text.en';
import { login } from '../session/text.en';
import { audit } from '../settings/audit/text.en';
import { settings } from '../settings/text.en';
import { shell } from '../shell/text.en';
import { message } from '../ui/text.en';

/** All texts in English, by the screen they were declared for. */
export const en = {
  audit,
  board,
  chatComposer,
  chatContact,
  chatKeys,
  chatList,
  chatMedia,
  chatThread,
  dashboard,
  login,
  message,
  refusals,
  settings,
  shell,
};
