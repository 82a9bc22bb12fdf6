// The service worker: shows what somebody is told while no tab has the focus, and opens the thread.
// It says nothing of what was said, which is not sent to it. Its address says in which language, and by
// what key this browser subscribes.
const texts = {
  'pt-BR': {
    assigned: 'A conversa agora é sua',
    message: 'Nova mensagem',
    mention: 'Mencionaram você em uma nota',
  },
  en: {
    assigned: 'The conversation is yours now',
    message: 'New message',
    mention: 'You were mentioned in a note',
  },
};
const asked = new URL(location.href).searchParams;
const text = texts[asked.get('lang')] ?? texts['pt-BR'];

addEventListener('install', () => skipWaiting());
addEventListener('push', (event) => event.waitUntil(show(event.data.json())));
addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(`/chat/${event.notification.data.conversationId}`));
});
addEventListener('pushsubscriptionchange', (event) => event.waitUntil(subscribe(event)));

async function show({ kind, title, conversationId }) {
  const tabs = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (tabs.some((tab) => tab.focused)) return;
  // A tab that is out of sight has said more already.
  const shown = await registration.getNotifications({ tag: conversationId });
  if (shown.length > 0) return;
  await registration.showNotification(title, {
    body: text[kind] ?? text.message,
    icon: '/favicon.svg',
    tag: conversationId,
    data: { conversationId },
  });
}

async function open(path) {
  const [tab] = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (!tab) return clients.openWindow(path);
  tab.postMessage({ open: path });
  await tab.focus();
}

// Nobody is signed in here: tabs tell the server where this browser is reached now, or the next one.
async function subscribe({ newSubscription }) {
  if (!newSubscription) {
    const options = { userVisibleOnly: true, applicationServerKey: asked.get('key') };
    await registration.pushManager.subscribe(options);
  }
  const tabs = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  for (const tab of tabs) tab.postMessage({ isReachedElsewhere: true });
}
