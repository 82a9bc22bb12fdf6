import { type Api, answer } from '../../inbox-client';

/** What the server calls this browser. */
const idKey = 'recado.push';

/** Has this browser show what is told while no tab is open, in a language; asks for no permission. */
export async function subscribe(api: Api, language: string): Promise<void> {
  if (!canPush() || Notification.permission !== 'granted') return;
  const { publicKey } = await answer(api.GET('/api/push/key'));
  await navigator.serviceWorker.register(own(`/push.js?lang=${language}&key=${publicKey}`));
  const { pushManager } = await navigator.serviceWorker.ready;
  const { endpoint = '', keys = {} } = (await subscribed(pushManager, publicKey)).toJSON();
  const { p256dh = '', auth = '' } = keys;
  const body = { endpoint, keys: { p256dh, auth } };
  const { id } = await answer(api.POST('/api/push/subscriptions', { body }));
  const before = localStorage.getItem(idKey);
  localStorage.setItem(idKey, id);
  // Where it was reached before, it is no more.
  if (before && before !== id) await forget(api, before);
}

/** Lets this browser show nothing any more, and the server know. */
export async function unsubscribe(api: Api): Promise<void> {
  const id = localStorage.getItem(idKey);
  await letGo();
  if (id) await forget(api, id);
}

/** Lets this browser show nothing any more; the server forgets it with the session. */
export async function letGo(): Promise<void> {
  localStorage.removeItem(idKey);
  if (!canPush()) return;
  const worker = await navigator.serviceWorker.getRegistration();
  await (await worker?.pushManager.getSubscription())?.unsubscribe();
  await worker?.unregister();
}

async function forget(api: Api, id: string): Promise<void> {
  await api.DELETE('/api/push/subscriptions/{id}', { params: { path: { id } } });
}

function canPush(): boolean {
  return 'serviceWorker' in navigator && 'PushManager' in globalThis;
}

async function subscribed(manager: PushManager, key: string): Promise<PushSubscription> {
  const subscribe = () => manager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  try {
    return await subscribe();
  } catch (problem) {
    const old = await manager.getSubscription();
    if (!old) throw problem;
    // It was made for a key that the server has no more.
    await old.unsubscribe();
    return subscribe();
  }
}

type Policy = { createScriptURL: (url: string) => string };

/** A script of this server's, as the page's policy wants it to be named. */
function own(url: string): string {
  const { trustedTypes } = globalThis as unknown as {
    trustedTypes?: { createPolicy: (name: string, policy: Policy) => Policy };
  };
  return (
    trustedTypes?.createPolicy('push', { createScriptURL: (it) => it }).createScriptURL(url) ?? url
  );
}
