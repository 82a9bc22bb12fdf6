/**
 * Has files that are dropped where nothing takes them ignored, where a browser would go to them and leave
 * the page, until the returned function is called.
 */
export function ignoreDrops(): () => void {
  const ignore = (event: DragEvent) => {
    const { dataTransfer, defaultPrevented } = event;
    if (defaultPrevented || !dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    dataTransfer.dropEffect = 'none';
  };
  addEventListener('dragover', ignore);
  addEventListener('drop', ignore);
  return () => {
    removeEventListener('dragover', ignore);
    removeEventListener('drop', ignore);
  };
}
