/** Lets everything that was started in the background on a disk in memory come to its end. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 2000; turns++) await Promise.resolve()
}
