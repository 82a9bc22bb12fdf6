import { useStore } from '@nanostores/react';
import { CircleAlert, FileText, RotateCcw, X } from 'lucide-react';
import { useFormat } from '../../format';
import { useReasons } from '../../refusals/reason';
import { IconButton } from '../../ui/IconButton';
import { sized } from '../media/FileCard';
import type { Attachment } from './attachments';
import { composerText } from './text';

type Props = {
  attachments: readonly Attachment[];
  onRemove: (key: number) => void;
  onRetry: (attachment: Attachment) => void;
};

/** The files that go with what is written, and how far each is. */
export function Tray({ attachments, onRemove, onRetry }: Props) {
  const text = useStore(composerText);
  const format = useFormat();
  const reason = useReasons();
  if (attachments.length === 0) return null;
  return (
    <ul className="tray" aria-label={text.files(attachments.length)}>
      {attachments.map((attachment) => {
        const { key, file, preview, part, mediaId, hasFailed, problem } = attachment;
        const percent = Math.round(part * 100);
        const why = hasFailed && reason(problem);
        return (
          <li key={key} data-failed={hasFailed}>
            {preview ? <img src={preview} alt="" /> : <FileText size={24} aria-hidden="true" />}
            <span>
              <b dir="auto">{file.name}</b>
              <small role={hasFailed ? 'alert' : undefined}>
                {hasFailed ? text.uploadFailed({ name: file.name }) : sized(file.size, format)}
                {why && `. ${why}`}
              </small>
            </span>
            {!mediaId && !hasFailed && (
              <progress
                max={100}
                value={percent}
                aria-label={text.uploading({ name: file.name, percent })}
              />
            )}
            {hasFailed && (
              <>
                <CircleAlert size={16} aria-hidden="true" />
                <IconButton
                  icon={RotateCcw}
                  size={15}
                  label={text.send}
                  onClick={() => onRetry(attachment)}
                />
              </>
            )}
            <IconButton
              icon={X}
              size={16}
              label={text.removeFile({ name: file.name })}
              onClick={() => onRemove(key)}
            />
          </li>
        );
      })}
    </ul>
  );
}
