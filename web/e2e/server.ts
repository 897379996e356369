// The server under test: started once for all files, with its own data on free ports, and stopped by its process id.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    url: string;
    data: string;
  }
}

const BIN = process.env['SOSIK_BIN'] ?? fileURLToPath(new URL('../../target/debug/sosik', import.meta.url));

/** A server that starts takes no longer than this, also on a busy machine. */
const START_MAX = 30_000;

/** Tests do in seconds what people do in an hour. */
const RATES = [
  'sign_ups_per_address',
  'handle_checks_per_address',
  'sign_ups_per_network',
  'stranger_reads_per_address',
  'log_ins_per_address',
  'log_ins_per_handle',
  'log_ins_per_known_device',
  'stories_per_person',
  'comments_per_person',
  'likes_per_person',
  'friend_requests_per_person',
  'invitations_per_person',
  'invitations_tried_per_address',
  'relation_writes_per_person',
  'profile_writes_per_person',
  'read_marks_per_person',
  'searches_per_person',
  'reads_per_person',
].flatMap((name) => [`rates.${name}_per_minute=100000`, `rates.${name}_burst=100000`]);

/** A port that nobody has now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** A running server. */
export class Server {
  #process: ChildProcess | null = null;
  #log = '';
  readonly url: string;

  constructor(
    readonly data: string,
    readonly port: number,
    readonly adminPort: number,
    /** What differs from the usual configuration, as `section.key=value`. */
    private readonly own: string[] = [],
  ) {
    this.url = `http://127.0.0.1:${port}`;
  }

  /** A server on free ports with fresh data. */
  static async fresh(own: string[] = []): Promise<Server> {
    const server = new Server(mkdtempSync(join(tmpdir(), 'sosik-e2e-')), await freePort(), await freePort(), own);
    await server.start();
    return server;
  }

  /** Starts it, and waits until it is ready. */
  async start(): Promise<void> {
    const settings = [
      `server.listen=127.0.0.1:${this.port}`,
      `server.admin_listen=127.0.0.1:${this.adminPort}`,
      `store.url=sqlite:${join(this.data, 'sosik.db')}`,
      ...RATES,
      ...this.own,
    ];
    const child = spawn(BIN, [...settings.flatMap((setting) => ['--set', setting]), 'serve'], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    child.stdout.on('data', (bytes) => (this.#log += bytes));
    child.stderr.on('data', (bytes) => (this.#log += bytes));
    const until = Date.now() + START_MAX;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the server ended at once:\n${this.#log}`);
      if (Date.now() > until) throw new Error(`the server is not ready:\n${this.#log}`);
      if (await this.isReady()) return;
      await pause(50);
    }
  }

  async isReady(): Promise<boolean> {
    return (await fetch(`${this.url}/readyz`).catch(() => null))?.ok ?? false;
  }

  /** Stops it as an operator would. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    // Twice: there is no balancer to wait for. The second one is only heard once the first one was.
    child.kill('SIGTERM');
    while (child.exitCode === null && (await this.isReady())) await pause(50);
    child.kill('SIGTERM');
    await ended;
    this.#process = null;
  }

  /** Stops it and removes its data. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** Between two looks at something that will change. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await Server.fresh();
  project.provide('url', server.url);
  project.provide('data', server.data);
  return () => server.remove();
}
