import { useStore } from '@nanostores/react';
import { Monitor, Moon, Sun } from 'lucide-react';
import { IconButton } from '../ui/IconButton';
import { type Theme, theme } from './preferences';
import { shellText } from './text';

const next: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const icons = { system: Monitor, light: Sun, dark: Moon };
const names = { system: 'themeSystem', light: 'themeLight', dark: 'themeDark' } as const;

/** Goes from the system's theme to light, to dark, and back. */
export function ThemeSwitch() {
  const text = useStore(shellText);
  const current = useStore(theme);
  const Icon = icons[current];
  const label = `${text.theme}: ${text[names[current]]}`;
  return (
    <IconButton
      icon={Icon}
      size={19}
      label={label}
      className="theme-switch"
      onClick={() => theme.set(next[current])}
    />
  );
}
