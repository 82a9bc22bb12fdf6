/** What there is to do, and how quick one is. */
export function DashboardScreen() {
  return <div className="dashboard" />;
}
