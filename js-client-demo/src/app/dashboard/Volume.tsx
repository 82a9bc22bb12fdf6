import { useStore } from '@nanostores/react';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import { useFormat } from '../format';
import { theme } from '../shell/preferences';
import { dashboardText } from './text';

type Hour = { at: string; received: number; sent: number };

const heightPx = 230;
const font = '12px "Inter Variable", system-ui, sans-serif';

/** Messages by the hour: as lines for eyes, told apart by dashes too, and as a table for ears. */
export function Volume({ hours }: { hours: Hour[] }) {
  const text = useStore(dashboardText);
  const format = useFormat();
  const worn = useStore(theme);
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const { timeOfDay, number } = format;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme has other colours
  useEffect(() => {
    const frame = box.current;
    if (!frame) return;
    const draw = () => {
      const colour = coloursOf(frame);
      const axis = {
        font,
        stroke: colour('--text-2'),
        grid: { stroke: colour('--line'), width: 1 },
      };
      return new UPlot(
        {
          width: frame.clientWidth,
          height: heightPx,
          legend: { live: true },
          cursor: { y: false },
          scales: { y: { range: (_, __, most) => [0, Math.max(4, most * 1.1)] } },
          axes: [
            {
              ...axis,
              grid: { show: false },
              values: (_, times) => times.map((at) => timeOfDay(isoOf(at))),
            },
            { ...axis, size: 38, values: (_, values) => values.map((each) => number(each)) },
          ],
          series: [
            { label: text.hour, value: (_, at) => (at === null ? '' : timeOfDay(isoOf(at))) },
            {
              label: text.received,
              stroke: colour('--accent'),
              fill: colour('--accent-soft'),
              width: 2,
              points: { show: false },
            },
            {
              label: text.sent,
              stroke: colour('--poll'),
              dash: [6, 4],
              width: 2,
              points: { show: false },
            },
          ],
        },
        dataOf(hours),
        frame,
      );
    };
    plot.current = draw();
    const watch = new ResizeObserver(() =>
      plot.current?.setSize({ width: frame.clientWidth, height: heightPx }),
    );
    watch.observe(frame);
    const preference = matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => {
      plot.current?.destroy();
      plot.current = draw();
    };
    preference.addEventListener('change', redraw);
    return () => {
      preference.removeEventListener('change', redraw);
      watch.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [text, timeOfDay, number, worn]);
  useEffect(() => plot.current?.setData(dataOf(hours)), [hours]);

  return (
    <>
      <div className="chart" ref={box} role="img" aria-label={text.volume} />
      <details>
        <summary>{text.asTable}</summary>
        <div className="table">
          <table>
            <thead>
              <tr>
                <th scope="col">{text.hour}</th>
                <th scope="col">{text.received}</th>
                <th scope="col">{text.sent}</th>
              </tr>
            </thead>
            <tbody>
              {hours.map(({ at, received, sent }) => (
                <tr key={at}>
                  <th scope="row">{timeOfDay(at)}</th>
                  <td>{number(received)}</td>
                  <td>{number(sent)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}

function dataOf(hours: Hour[]): UPlot.AlignedData {
  return [
    hours.map(({ at }) => Date.parse(at) / 1_000),
    hours.map(({ received }) => received),
    hours.map(({ sent }) => sent),
  ];
}

function isoOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}

/** Tokens as a canvas knows colours: of the theme that is shown now. */
function coloursOf(frame: HTMLElement): (token: string) => string {
  return (token) => {
    frame.style.color = `var(${token})`;
    const { color } = getComputedStyle(frame);
    frame.style.color = '';
    return color;
  };
}
