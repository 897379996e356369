/** The beginning of a text in one line, for where there is no room for all of it. */
export function beginning(text: string, characters: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const begin = [...line].slice(0, characters).join('');
  return begin === line ? line : `${begin.trimEnd()}…`;
}
