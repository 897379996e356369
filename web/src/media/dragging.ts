// Putting tiles in order with a mouse or a finger. A mouse drags at once; a finger holds first, because it may want to scroll.

/** A finger that holds still for this long, in milliseconds, drags. */
const HOLD = 350;
/** A finger that moved this much before wants to scroll; a mouse that moved this much drags. In pixels. */
const STILL = 8;

/** What dragging does to the list. */
export interface Dragged {
  /** Dragging the tile at this place has begun, or has ended. */
  drags: (index: number | null) => void;
  /** The tile that is dragged is over another place. */
  over: (to: number) => void;
}

/** Lets the children of a list that have `data-tile` be dragged. */
export function draggable(list: HTMLElement, { drags, over }: Dragged): () => void {
  let from: { pointer: number; x: number; y: number; index: number; isTouch: boolean } | null = null;
  let isDragging = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const tiles = () => [...list.querySelectorAll<HTMLElement>('[data-tile]')];
  const tileAt = (x: number, y: number) => tiles().findIndex((tile) => tile.contains(document.elementFromPoint(x, y)));

  function begin() {
    if (!from) return;
    isDragging = true;
    list.setPointerCapture?.(from.pointer);
    drags(from.index);
  }

  function down(event: PointerEvent) {
    const index = tiles().findIndex((tile) => tile.contains(event.target as Node));
    if (event.button !== 0 || index < 0 || tiles().length < 2) return;
    from = { pointer: event.pointerId, x: event.clientX, y: event.clientY, index, isTouch: event.pointerType === 'touch' };
    if (from.isTouch) timer = setTimeout(begin, HOLD);
  }

  function move(event: PointerEvent) {
    if (!from || event.pointerId !== from.pointer) return;
    if (!isDragging) {
      if (Math.hypot(event.clientX - from.x, event.clientY - from.y) < STILL) return;
      if (from.isTouch) return end();
      begin();
    }
    const to = tileAt(event.clientX, event.clientY);
    if (to >= 0) over(to);
  }

  function end() {
    clearTimeout(timer);
    from = null;
    if (!isDragging) return;
    drags(null);
    // The click that ends a drag opens nothing.
    setTimeout(() => (isDragging = false));
  }

  const click = (event: MouseEvent) => {
    if (!isDragging) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const scroll = (event: TouchEvent) => isDragging && event.preventDefault();
  const menu = (event: Event) => (from?.isTouch || isDragging) && event.preventDefault();

  list.addEventListener('pointerdown', down);
  list.addEventListener('pointermove', move);
  list.addEventListener('pointerup', end);
  list.addEventListener('pointercancel', end);
  list.addEventListener('click', click, true);
  list.addEventListener('contextmenu', menu);
  // While a tile is dragged the page does not scroll.
  list.addEventListener('touchmove', scroll, { passive: false });
  return () => {
    clearTimeout(timer);
    list.removeEventListener('pointerdown', down);
    list.removeEventListener('pointermove', move);
    list.removeEventListener('pointerup', end);
    list.removeEventListener('pointercancel', end);
    list.removeEventListener('click', click, true);
    list.removeEventListener('contextmenu', menu);
    list.removeEventListener('touchmove', scroll);
  };
}
