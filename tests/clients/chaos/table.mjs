const COLUMNS = ['kind', 'transport', 'cuts', 'reconnects', 'received', 'dropped', 'missing', 'repeated', 'out of order', 'wrong', 'latest'];

/** Prints a row for each client and what is to be said about those that fail; returns how many those are, and of what. */
export function printTable(rows, first, last) {
  const lines = [COLUMNS];
  const failures = [];
  const sum = { missing: 0, repeated: 0 };
  for (const { name, transport, used, way, record } of rows) {
    const { missing, repeated, unordered } = record.judge(first, last);
    sum.missing += missing;
    sum.repeated += repeated;
    const ways = [transport, ...(used && used !== transport ? [used] : [])].join(', ');
    const latest = way ? `${(record.lateness / 1000).toFixed(1)} s` : '';
    const counts = [way?.cuts ?? 0, record.reconnects, record.received, record.dropped, missing, repeated, unordered, record.wrong];
    const line = [name, ways, ...counts, latest];
    if (missing + repeated + unordered + record.wrong > 0) failures.push(`# ${lines.length}. ${name}: ${record.details.join('; ')}`);
    lines.push(line.map(String));
  }
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  lines.forEach((line, row) => {
    const cells = line.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])));
    console.log(`${row === 0 ? '   ' : `${row}.`.padStart(3)} ${cells.join('  ')}`);
  });
  for (const failure of failures) console.log(failure);
  return { failed: failures.length, ...sum };
}
