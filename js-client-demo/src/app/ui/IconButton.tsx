import type { LucideIcon } from 'lucide-react';
import type { ComponentProps } from 'react';

type Props = Omit<ComponentProps<'button'>, 'children' | 'type'> & {
  icon: LucideIcon;
  /** Of the icon, in CSS pixels. */
  size?: number;
  /** What it does, for those who do not see the icon and for those who point at it. */
  label: string;
};

/** A button that is but an icon. */
export function IconButton({ icon: Icon, size = 18, label, className = '', ...rest }: Props) {
  return (
    <button
      type="button"
      className={`icon-button ${className}`.trimEnd()}
      aria-label={label}
      title={label}
      {...rest}
    >
      <Icon size={size} aria-hidden="true" />
    </button>
  );
}
