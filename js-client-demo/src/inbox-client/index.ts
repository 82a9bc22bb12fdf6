export { Inbox } from './inbox';
export type { Outside } from './outside';
export { ownerOf } from './owner';
export { ApiError } from './problem';
export { type Api, answer, authorised } from './rest';
export { openSession, type Profile, type Session, type Visit } from './session';
export * from './store/select';
export type { Entry, Outgoing, Presence, State, Thread } from './store/state';
export type * from './types';
