import { type DragEvent, useState } from 'react';

/** What an element needs to take files: whether some are held over it, and what it has to tell. */
export function useDrop(take: (files: FileList) => void) {
  const [isOver, setOver] = useState(false);
  return {
    isOver,
    on: {
      onDragOver: (event: DragEvent) => {
        if (!event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave: ({ currentTarget, relatedTarget }: DragEvent) => {
        if (!currentTarget.contains(relatedTarget as Node | null)) setOver(false);
      },
      onDrop: (event: DragEvent) => {
        if (!event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files);
      },
    },
  };
}
