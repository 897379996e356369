// Pulling down at the top refreshes, as people expect on a phone. Watches only while the page is at its top, so that
// scrolling anywhere else costs nothing.

/** Pulled so far, in pixels of the finger's way, it refreshes when let go. */
const FAR_ENOUGH = 130;
/** The sign follows at this part of the finger's way. */
const EASE = 0.5;

/** What the page shows of it. */
export interface Pull {
  /** How far the sign has come down, in pixels. */
  moved(distance: number, farEnough: boolean): void;
  /** Let go far enough down. */
  refresh(): void;
}

/** Watches for pulling; gives back how to stop. */
export function watchPull(pull: Pull): () => void {
  let startY: number | null = null;
  let far = false;

  const move = (event: TouchEvent) => {
    const touch = event.touches[0];
    if (startY === null || !touch) return;
    const way = touch.clientY - startY;
    if (way <= 0 || scrollY > 0) return end();
    event.preventDefault();
    far = way > FAR_ENOUGH;
    pull.moved(Math.min(way, FAR_ENOUGH * 1.3) * EASE, far);
  };
  const end = () => {
    removeEventListener('touchmove', move);
    if (startY !== null) pull.moved(0, false);
    startY = null;
  };
  const letGo = () => {
    const refresh = startY !== null && far;
    far = false;
    end();
    if (refresh) pull.refresh();
  };
  const start = (event: TouchEvent) => {
    const touch = event.touches[0];
    if (scrollY > 0 || event.touches.length !== 1 || !touch) return;
    startY = touch.clientY;
    far = false;
    addEventListener('touchmove', move, { passive: false });
  };
  addEventListener('touchstart', start, { passive: true });
  addEventListener('touchend', letGo, { passive: true });
  addEventListener('touchcancel', end, { passive: true });
  return () => {
    end();
    removeEventListener('touchstart', start);
    removeEventListener('touchend', letGo);
    removeEventListener('touchcancel', end);
  };
}
