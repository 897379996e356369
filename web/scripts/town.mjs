// The town of `sosik demo`, for scripts that look at it in a browser. It stands still: what is looked at is the client.
//
//   SOSIK_BIN   the server, release build [default: ../target/release/sosik]
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const BIN = process.env.SOSIK_BIN ?? fileURLToPath(new URL('../../target/release/sosik', import.meta.url));
const PASSWORD = 'magpie-at-the-gate';
/** A slow machine founds the town within this. */
const START_MAX_SECONDS = 120;

const LOG_IN_LIMITS = ['per_address', 'per_handle', 'per_known_device'].map((whose) => `log_ins_${whose}_burst`);

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** The town, once somebody can log in there. */
export async function startTown(handle) {
  const [port, admin] = [await freePort(), await freePort()];
  // Every window logs in for itself, so the limits on log-ins are out of the way.
  const settings = [
    `server.admin_listen=127.0.0.1:${admin}`,
    ...LOG_IN_LIMITS.map((name) => `rates.${name}=1000`),
  ].flatMap((setting) => ['--set', setting]);
  const town = spawn(BIN, [...settings, 'demo', '--listen', `127.0.0.1:${port}`, '--pace', '3600'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.once('exit', () => town.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < START_MAX_SECONDS * 10; tries += 1) {
    const session = await fetch(`${url}/v1/sessions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ handle, password: PASSWORD }),
    }).catch(() => null);
    if (session?.status === 201) return { url, town };
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error('the town is not ready');
}

/** Logs a window's context in. */
export async function logIn(context, handle) {
  const session = await context.request.post('/v1/sessions', { data: { handle, password: PASSWORD } });
  if (!session.ok()) throw new Error(`${handle} cannot log in: ${session.status()}`);
}

/** Somebody new, with the password that everybody in the town has. */
export async function moveIn(url, handle, name) {
  const body = JSON.stringify({ handle, display_name: name, password: PASSWORD });
  const answer = await fetch(`${url}/v1/people`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  if (!answer.ok) throw new Error(`${handle} cannot sign up: ${answer.status} ${await answer.text()}`);
}

/** What somebody of the town does, as `fetch` says it; the answer, if there is one. */
export async function say(url, handle, method, path, body) {
  const json = { 'Content-Type': 'application/json' };
  const session = await fetch(`${url}/v1/sessions`, { method: 'POST', headers: json, body: JSON.stringify({ handle, password: PASSWORD }) });
  const { token } = await session.json();
  const answer = await fetch(url + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(body ? json : {}) },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${handle}: ${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? null : answer.json();
}
