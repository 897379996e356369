// Moves and zooms the picture in the cropper by finger, mouse, wheel and keyboard.
import { distance, middle, type Point } from '$/media/zoom';

import { MIDDLE, moved, scaled, type Crop, type Size } from './crop';

/** A finger that moved by less, in sides of the square, has tapped. */
const TAP_REACH = 0.02;
/** One notch of a wheel is about 100. */
const WHEEL_SPEED = 0.002;
/** A press of an arrow key moves by this many sides; a press of + zooms by this factor. */
const KEY_STEP = 0.04;
export const KEY_FACTOR = 1.15;

/** The crop of one picture. */
export class Handling {
  crop = $state.raw<Crop>(MIDDLE);
  readonly #picture: Size;
  readonly #fingers = new Map<number, Point>();
  #begun: Point = { x: 0, y: 0 };
  /** False after two fingers touched the picture or one moved it: then lifting the last finger is not a tap. */
  #isTap = false;
  #stage: HTMLElement | null = null;

  constructor(picture: Size) {
    this.#picture = picture;
  }

  /** Listens to the square. */
  readonly attach = (stage: HTMLElement): (() => void) => {
    this.#stage = stage;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      this.scale(this.crop.scale * Math.exp(-event.deltaY * WHEEL_SPEED), this.#point(event));
    };
    // The page below must not scroll.
    stage.addEventListener('wheel', wheel, { passive: false });
    return () => stage.removeEventListener('wheel', wheel);
  };

  /** Zooms to a scale. The point under `at` stays in place. */
  scale(to: number, at?: Point): void {
    this.crop = scaled(this.crop, to, this.#picture, at);
  }

  down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#stage?.setPointerCapture?.(event.pointerId);
    this.#isTap = this.#fingers.size === 0;
    this.#begun = this.#point(event);
    this.#fingers.set(event.pointerId, this.#begun);
  }

  move(event: PointerEvent): void {
    const before = this.#fingers.get(event.pointerId);
    if (!before) return;
    const now = this.#point(event);
    const [other] = [...this.#fingers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    this.#fingers.set(event.pointerId, now);
    if (distance(now, this.#begun) > TAP_REACH) this.#isTap = false;
    if (other) this.#pinch(before, now, other);
    else if (!this.#isTap) this.#shift({ x: now.x - before.x, y: now.y - before.y });
  }

  up(event: PointerEvent): void {
    if (!this.#fingers.delete(event.pointerId) || !this.#isTap || event.type === 'pointercancel') return;
    // A tap brings a place to the middle: the way for people who cannot drag.
    const { x, y } = this.#point(event);
    this.#shift({ x: -x, y: -y });
  }

  /** Does what a key stands for. */
  key(event: KeyboardEvent): void {
    const keys: Record<string, () => void> = {
      ArrowLeft: () => this.#shift({ x: -KEY_STEP, y: 0 }),
      ArrowRight: () => this.#shift({ x: KEY_STEP, y: 0 }),
      ArrowUp: () => this.#shift({ x: 0, y: -KEY_STEP }),
      ArrowDown: () => this.#shift({ x: 0, y: KEY_STEP }),
      '+': () => this.scale(this.crop.scale * KEY_FACTOR),
      '=': () => this.scale(this.crop.scale * KEY_FACTOR),
      '-': () => this.scale(this.crop.scale / KEY_FACTOR),
      '0': () => (this.crop = MIDDLE),
    };
    const run = keys[event.key];
    if (!run || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    run();
  }

  #pinch(before: Point, now: Point, other: Point): void {
    const apart = distance(before, other);
    if (apart > 0) this.scale((this.crop.scale * distance(now, other)) / apart, middle(now, other));
    this.#shift({ x: (now.x - before.x) / 2, y: (now.y - before.y) / 2 });
  }

  #shift(by: Point): void {
    this.crop = moved(this.crop, by, this.#picture);
  }

  /** From the middle of the square, in its sides. */
  #point({ clientX, clientY }: MouseEvent): Point {
    const { left, top, width } = this.#stage?.getBoundingClientRect() ?? new DOMRect();
    const side = width || 1;
    return { x: (clientX - left) / side - 0.5, y: (clientY - top) / side - 0.5 };
  }
}
