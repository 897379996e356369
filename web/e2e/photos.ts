// Photos for tests, drawn in a browser: no two alike, of a size that is asked for.
import type { Page } from 'playwright-core';

/** A file as Playwright hands it to a page. */
export interface TestFile {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

/** A landscape: sky, sun and hills in colours of its own. */
export async function landscape(page: Page, number: number, width = 1200, height = 800): Promise<TestFile> {
  const base64 = await page.evaluate(
    ({ number, width, height }) => {
      const canvas = new OffscreenCanvas(width, height);
      const draw = canvas.getContext('2d')!;
      const sky = draw.createLinearGradient(0, 0, 0, height);
      sky.addColorStop(0, `hsl(${200 + number * 23} 60% 70%)`);
      sky.addColorStop(1, `hsl(${30 + number * 11} 80% 85%)`);
      draw.fillStyle = sky;
      draw.fillRect(0, 0, width, height);
      draw.fillStyle = `hsl(${40 + number * 5} 90% 60%)`;
      draw.beginPath();
      draw.arc(width * (0.2 + (number % 5) * 0.14), height * 0.3, height * 0.09, 0, 7);
      draw.fill();
      for (let hill = 0; hill < 3; hill += 1) {
        draw.fillStyle = `hsl(${120 + number * 29 + hill * 18} 32% ${46 - hill * 11}%)`;
        draw.beginPath();
        draw.moveTo(0, height);
        for (let x = 0; x <= width; x += 8) draw.lineTo(x, height * (0.5 + hill * 0.14) + Math.sin(x / (90 + hill * 60) + number * 2 + hill) * height * 0.07);
        draw.lineTo(width, height);
        draw.fill();
      }
      return canvas
        .convertToBlob({ type: 'image/jpeg', quality: 0.85 })
        .then((blob) => blob.arrayBuffer())
        .then((bytes) => {
          let text = '';
          for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
          return btoa(text);
        });
    },
    { number, width, height },
  );
  return { name: `photo-${number}.jpg`, mimeType: 'image/jpeg', buffer: Buffer.from(base64, 'base64') };
}

/** Several of them. */
export async function landscapes(page: Page, count: number): Promise<TestFile[]> {
  const files: TestFile[] = [];
  for (let number = 1; number <= count; number += 1) files.push(await landscape(page, number, number % 3 === 0 ? 800 : 1200, number % 3 === 0 ? 1000 : 800));
  return files;
}

/** A file that says it is a photo and is none. */
export const BROKEN: TestFile = { name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('this is no photo '.repeat(50)) };
