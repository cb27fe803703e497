/** A problem that the user can fix. Only its message is shown, and it says how. */
export class UserError extends Error {
  override readonly name = 'UserError'
}
