/** Something that the user can put right; its message says how and is all that is shown. */
export class UserError extends Error {
  override readonly name = 'UserError'
}
