import { useStore } from '@nanostores/react';
import type { ComponentProps } from 'react';
import { settingsText } from './text';

type Props = Omit<ComponentProps<'input'>, 'children'> & { label: string };

/** A field of a form, under what it is called. */
export function Field({ label, ...input }: Props) {
  return (
    <label>
      {label}
      <input dir="auto" {...input} />
    </label>
  );
}

/** A field for a secret: never shown, and what is kept stays when it is left empty. */
export function Secret({ isKept, ...field }: Props & { isKept: boolean }) {
  const { keepsOld } = useStore(settingsText);
  const hint = isKept ? { placeholder: keepsOld } : {};
  return <Field type="password" autoComplete="off" {...field} {...hint} />;
}

/** Something that is so or not. */
export function Choice({ label, ...input }: Props) {
  return (
    <label className="choice">
      <input type="checkbox" {...input} />
      {label}
    </label>
  );
}
