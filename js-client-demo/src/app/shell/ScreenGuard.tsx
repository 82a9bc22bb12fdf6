import { useStore } from '@nanostores/react';
import { Component, type ReactNode } from 'react';
import { shellText } from './text';

/** Shows, in place of a screen that failed or could not be fetched, that it did, and a way out. */
export class ScreenGuard extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? <Failure /> : this.props.children;
  }
}

/** A reload also brings the files of a version that was released meanwhile. */
function Failure() {
  const text = useStore(shellText);
  return (
    <div className="empty" role="alert">
      <p>{text.screenFailed}</p>
      <button type="button" className="button" onClick={() => location.reload()}>
        {text.tryAgain}
      </button>
    </div>
  );
}
