import { ApiError } from './problem';
import type { Session } from './session';

/** How an upload is watched and called off. */
export type Upload = {
  signal?: AbortSignal;
  /** Called with the part that has gone, from 0 to 1. */
  onProgress?: (part: number) => void;
};

/** Hands a file over, once more where the token had to be exchanged. */
export async function upload(
  url: string,
  bearer: Pick<Session, 'token' | 'renew'>,
  file: File,
  watched: Upload = {},
): Promise<{ id: string }> {
  const token = await bearer.token();
  try {
    return await handOver(url, token, file, watched);
  } catch (problem) {
    if (!token || !(problem instanceof ApiError) || problem.status !== 401) throw problem;
    const renewal = await bearer.renew(token);
    watched.signal?.throwIfAborted();
    // Nobody has been refused yet: whoever tries again later may be let in.
    if (renewal === 'unreachable') throw new TypeError('there is no other token to be had now');
    if (renewal === 'refused') throw problem;
    return handOver(url, await bearer.token(), file, watched);
  }
}

/** Hands a file over. `fetch` cannot tell how far it is; XMLHttpRequest can. */
function handOver(
  url: string,
  token: string | null,
  file: File,
  { signal, onProgress }: Upload,
): Promise<{ id: string }> {
  const form = new FormData();
  form.append('file', file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    signal?.addEventListener('abort', stop, { once: true });
    request.open('POST', url);
    request.responseType = 'json';
    if (token) request.setRequestHeader('Authorization', `Bearer ${token}`);
    request.upload.onprogress = ({ loaded, total }) => onProgress?.(total > 0 ? loaded / total : 0);
    request.onload = () => {
      const { status, response } = request;
      if (status < 300) resolve(response);
      else reject(new ApiError(status, response?.code, response?.detail));
    };
    request.onerror = () => reject(new TypeError('the server cannot be reached'));
    request.onabort = () => reject(new DOMException('called off', 'AbortError'));
    request.onloadend = () => signal?.removeEventListener('abort', stop);
    request.send(form);
  });
}
