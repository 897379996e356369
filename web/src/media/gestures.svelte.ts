// What fingers, mouse and wheel do to the picture on the full screen.
import { distance, middle, SCALE_TAPPED, swipeOf, WHOLE, zoomed, bounded, type Point, type View } from './zoom';

/** Two taps within this are a double tap, in milliseconds; further apart than this, in pixels, they are two taps. */
const DOUBLE_TAP = 300;
const DOUBLE_TAP_REACH = 32;
/** A finger that moved by less, in pixels, has tapped. */
const TAP_REACH = 8;
/** One notch of a wheel is about 100. */
const WHEEL_SPEED = 0.003;

/** The picture that is being moved. */
export class Gestures {
  view = $state.raw<View>(WHOLE);
  /** How far a swipe has moved the picture. */
  pulled = $state.raw<Point>({ x: 0, y: 0 });
  /** Fingers are on the screen: nothing else moves the picture. */
  held = $state(false);
  readonly #fingers = new Map<number, Point>();
  #begun = { at: 0, x: 0, y: 0 };
  #tapped = { at: -Infinity, x: 0, y: 0 };
  #stage: HTMLElement | null = null;
  readonly #swiped: (what: 'next' | 'previous' | 'close') => void;

  constructor(swiped: (what: 'next' | 'previous' | 'close') => void) {
    this.#swiped = swiped;
  }

  /** All of the picture again. */
  reset(): void {
    this.view = WHOLE;
    this.pulled = { x: 0, y: 0 };
  }

  /** Enlarges in the middle of the screen. */
  zoom(factor: number): void {
    this.view = zoomed(this.view, factor, { x: 0, y: 0 }, this.#size());
  }

  /** Listens to an element that fills the screen. */
  readonly attach = (stage: HTMLElement): (() => void) => {
    this.#stage = stage;
    const wheel = (event: WheelEvent) => this.#wheel(event);
    // The page below must not scroll.
    stage.addEventListener('wheel', wheel, { passive: false });
    return () => stage.removeEventListener('wheel', wheel);
  };

  down(event: PointerEvent): void {
    if (event.button !== 0 || (event.target as Element).closest('button:not(.poster), video, a')) return;
    // A poster is tapped to play and swiped as a photo is. Capturing the pointer would take the tap away.
    if (!isOnPoster(event)) this.#capture(event);
    this.#fingers.set(event.pointerId, this.#point(event));
    this.#begun = { at: event.timeStamp, x: event.clientX, y: event.clientY };
    this.held = true;
    if (this.#fingers.size > 1) this.pulled = { x: 0, y: 0 };
  }

  move(event: PointerEvent): void {
    const before = this.#fingers.get(event.pointerId);
    if (!before) return;
    const now = this.#point(event);
    const [other] = [...this.#fingers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    this.#fingers.set(event.pointerId, now);
    if (distance({ x: event.clientX, y: event.clientY }, this.#begun) > TAP_REACH) this.#capture(event);
    if (other) this.#pinch(before, now, other);
    else if (this.view.scale > 1) this.#shift(now.x - before.x, now.y - before.y);
    else this.pulled = { x: event.clientX - this.#begun.x, y: Math.max(event.clientY - this.#begun.y, 0) };
  }

  up(event: PointerEvent): void {
    if (!this.#fingers.delete(event.pointerId)) return;
    this.held = this.#fingers.size > 0;
    const by = { x: event.clientX - this.#begun.x, y: event.clientY - this.#begun.y };
    const swipe = this.view.scale === 1 && !this.held ? swipeOf(by, event.timeStamp - this.#begun.at) : null;
    this.pulled = { x: 0, y: 0 };
    if (swipe && event.type !== 'pointercancel') this.#swiped(swipe);
    else if (distance(by, { x: 0, y: 0 }) < TAP_REACH && !isOnPoster(event)) this.#tap(event);
  }

  #capture({ pointerId }: PointerEvent): void {
    if (!this.#stage?.hasPointerCapture?.(pointerId)) this.#stage?.setPointerCapture?.(pointerId);
  }

  #tap(event: PointerEvent): void {
    const at = this.#point(event);
    const isDouble = event.timeStamp - this.#tapped.at < DOUBLE_TAP && distance(at, this.#tapped) < DOUBLE_TAP_REACH;
    this.#tapped = { at: isDouble ? -Infinity : event.timeStamp, ...at };
    if (isDouble) this.view = this.view.scale > 1 ? WHOLE : zoomed(WHOLE, SCALE_TAPPED, at, this.#size());
  }

  #pinch(before: Point, now: Point, other: Point): void {
    const apart = distance(before, other);
    if (apart > 0) this.view = zoomed(this.view, distance(now, other) / apart, middle(now, other), this.#size());
    this.#shift((now.x - before.x) / 2, (now.y - before.y) / 2);
  }

  #shift(x: number, y: number): void {
    this.view = bounded({ ...this.view, x: this.view.x + x, y: this.view.y + y }, this.#size());
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    this.view = zoomed(this.view, Math.exp(-event.deltaY * WHEEL_SPEED), this.#point(event), this.#size());
  }

  /** Measured from the middle of the stage. */
  #point(event: MouseEvent): Point {
    const { width, height } = this.#size();
    return { x: event.clientX - width / 2, y: event.clientY - height / 2 };
  }

  #size(): { width: number; height: number } {
    return { width: this.#stage?.clientWidth ?? innerWidth, height: this.#stage?.clientHeight ?? innerHeight };
  }
}

function isOnPoster({ target }: PointerEvent): boolean {
  return target instanceof Element && target.closest('.poster') !== null;
}
