// Videos for tests, made by ffmpeg.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { TestFile } from './photos';

/** An MP4 with a tone. A noisy one is large: the noise cannot be compressed. */
export async function clip(seconds: number, megabits = 1, noise = 0): Promise<TestFile> {
  const folder = await mkdtemp(join(tmpdir(), 'sosik-clip-'));
  try {
    const path = join(folder, 'clip.mp4');
    const picture = `testsrc2=size=640x360:rate=25:duration=${seconds}${noise > 0 ? `,noise=alls=${noise}:allf=t` : ''}`;
    const bits = ['-b:v', `${megabits}M`, '-minrate', `${megabits}M`, '-maxrate', `${megabits}M`, '-bufsize', `${megabits}M`];
    const format = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', ...bits, '-c:a', 'aac', '-movflags', '+faststart'];
    await promisify(execFile)('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', `sine=duration=${seconds}`, ...format, path]);
    return { name: 'clip.mp4', mimeType: 'video/mp4', buffer: await readFile(path) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
