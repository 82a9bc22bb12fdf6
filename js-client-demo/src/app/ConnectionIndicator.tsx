import type { Link } from '../inbox-client/connect';
import { text } from './text';

/** How live the page is: in a word, a colour and a shape, read out when it changes. */
export function ConnectionIndicator({ link }: { link: Link }) {
  return (
    <div className={`connection ${link}`} role="status" title={text.linkDetail[link]}>
      <span className="connection-shape" aria-hidden="true" />
      {text.link[link]}
    </div>
  );
}
