/** Every screen, where it stands, and what shows that it is there. */
export const screens = [
  { name: 'board', path: '/board', shows: '.card' },
  { name: 'chat', path: '/chat', shows: '.chat' },
  { name: 'dashboard', path: '/dashboard', shows: '.kpis' },
  { name: 'inboxes', path: '/settings/inboxes', shows: '.entries li' },
  { name: 'users', path: '/settings/users', shows: '.entries li' },
  { name: 'stages', path: '/settings/stages', shows: '.entries li' },
  { name: 'canned', path: '/settings/canned', shows: '.hint' },
  { name: 'tokens', path: '/settings/tokens', shows: '.hint' },
  { name: 'audit', path: '/settings/audit', shows: '.settings table, .settings .hint' },
  { name: 'notifications', path: '/settings/notifications', shows: '.entries li' },
  { name: 'connection', path: '/settings/connection', shows: '.entries li' },
];
