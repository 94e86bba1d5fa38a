/** A table as a file that spreadsheets open (RFC 4180). */

export const MEDIA_TYPE = 'text/csv'
/** Some programs take a cell that begins so for a formula. */
const FORMULA = /^[=+\-@\t\r]/
const SPECIAL = /[",\r\n]/
const NO_FILE_NAME = /[\\/:*?"<>|\s]/g

export function csv(rows: readonly (readonly string[])[]): string {
  // The mark at the start is how a spreadsheet knows that it is UTF-8.
  return `\uFEFF${rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')}`
}

function cell(text: string): string {
  const said = FORMULA.test(text) ? `'${text}` : text
  return SPECIAL.test(said) ? `"${said.replaceAll('"', '""')}"` : said
}

export function fileName(number: number, title: string): string {
  return `${number}-${title.replace(NO_FILE_NAME, '_')}.csv`
}
