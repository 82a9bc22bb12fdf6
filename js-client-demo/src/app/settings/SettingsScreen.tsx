/** What can be set, a section each. */
export function SettingsScreen() {
  return <div className="settings" />;
}
