import { expect, it } from 'vitest';

import { clientName } from './client-name';

it.each([
  ['Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36', 'Chrome · Android'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1', 'Safari · iPhone'],
  ['Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0', 'Firefox · Windows'],
  ['curl/8.9', 'curl/8.9'],
  ['', ''],
])('%s is called %s', (client, name) => {
  expect(clientName(client)).toBe(name);
});
