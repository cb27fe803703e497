/** The result of reading the text of a value: the value, perhaps with a note for the user, or what is wrong with it. */
export type ParsedValue<T> = { ok: true; value: T; note?: string } | { ok: false; reason?: string }

/** How the values of a setting are read, written and explained. */
export interface SettingType<T> {
  /** Completes the sentence "allowed is ...". */
  readonly allowed: string
  /** @param text without surrounding blanks */
  parse(text: string): ParsedValue<T>
  /** The text that `parse` reads back as the same value. */
  format(value: T): string
}
