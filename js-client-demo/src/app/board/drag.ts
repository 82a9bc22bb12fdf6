import {
  type DragEndEvent,
  KeyboardCode,
  type KeyboardCoordinateGetter,
  KeyboardSensor,
  MouseSensor,
  TouchSensor,
  useSensor,
  useSensors,
} from '@dnd-kit/core';

/** How far an arrow takes a card up or down, in pixels: about half a card. */
const stepPx = 64;

/** By mouse after some pixels, by a finger that rests, by the keyboard with Space. */
export function useDragSensors() {
  return useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 6 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 250, tolerance: 8 } }),
    useSensor(KeyboardSensor, {
      coordinateGetter: toNeighbour,
      keyboardCodes: {
        start: [KeyboardCode.Space],
        cancel: [KeyboardCode.Esc],
        end: [KeyboardCode.Space, KeyboardCode.Enter],
      },
    }),
  );
}

/** Left and right go to the top of the next column, up and down along one. */
const toNeighbour: KeyboardCoordinateGetter = (event, { context, currentCoordinates: at }) => {
  const { code } = event;
  if (code === KeyboardCode.Down || code === KeyboardCode.Up) {
    event.preventDefault();
    return { ...at, y: at.y + (code === KeyboardCode.Down ? stepPx : -stepPx) };
  }
  if (code !== KeyboardCode.Left && code !== KeyboardCode.Right) return undefined;
  event.preventDefault();
  const columns = [...context.droppableRects.values()].sort((a, b) => a.left - b.left);
  const card = context.collisionRect;
  const middle = at.x + (card?.width ?? 0) / 2;
  const next =
    code === KeyboardCode.Right
      ? columns.find(({ left }) => left > middle)
      : columns.findLast(({ right }) => right < middle);
  return next && { x: next.left + 10, y: next.top + 4 };
};

/** Where the upper edge of what is dragged stands on the screen, and its height. */
export function edgeOf({
  active,
}: Pick<DragEndEvent, 'active'>): { top: number; height: number } | null {
  const rect = active.rect.current.translated;
  return rect && { top: rect.top, height: rect.height };
}
