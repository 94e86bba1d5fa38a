/** The storage of a tab. */
export class Tab implements Storage {
  readonly rows = new Map<string, string>()
  get length(): number {
    return this.rows.size
  }
  clear = () => this.rows.clear()
  getItem = (key: string) => this.rows.get(key) ?? null
  key = (index: number) => [...this.rows.keys()][index] ?? null
  removeItem = (key: string) => void this.rows.delete(key)
  setItem = (key: string, value: string) => void this.rows.set(key, value)
}
