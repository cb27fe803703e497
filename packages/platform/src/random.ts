export interface Random {
  /** A whole number in [0, limit). */
  below(limit: number): number
}
