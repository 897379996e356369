// Addresses of the server that are no pages of the client. The browser asks the server for them.

/** Whether the server, and not the client, shows this path. */
export function isOfServer(path: string): boolean {
  return /^\/(v1|media|avatars|docs|problems|openapi\.json|robots\.txt|favicon\.ico|livez|readyz|healthz|metrics)(\/|$)/.test(path);
}
