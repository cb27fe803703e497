const pageBytes = 4096

/** A sequence of bytes. Only pages that were written take memory; the rest reads as zeros. */
export class SparseBytes {
  readonly #pages = new Map<number, Buffer>()
  sizeBytes = 0

  write(data: Uint8Array, position: number): void {
    for (let done = 0; done < data.length; ) {
      const at = (position + done) % pageBytes
      const count = Math.min(pageBytes - at, data.length - done)
      this.#page(Math.floor((position + done) / pageBytes)).set(data.subarray(done, done + count), at)
      done += count
    }
    this.sizeBytes = Math.max(this.sizeBytes, position + data.length)
  }

  /** Fills `target` as far as the bytes go, and returns the number of bytes read. */
  read(target: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(target.length, this.sizeBytes - position))
    for (let done = 0; done < count; ) {
      const at = (position + done) % pageBytes
      const part = Math.min(pageBytes - at, count - done)
      const page = this.#pages.get(Math.floor((position + done) / pageBytes))
      if (page === undefined) target.fill(0, done, done + part)
      else target.set(page.subarray(at, at + part), done)
      done += part
    }
    return count
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes < this.sizeBytes) {
      for (const [index, page] of this.#pages) {
        const start = index * pageBytes
        if (start >= sizeBytes) this.#pages.delete(index)
        else if (start + pageBytes > sizeBytes) page.fill(0, sizeBytes - start)
      }
    }
    this.sizeBytes = sizeBytes
  }

  copy(): SparseBytes {
    const copy = new SparseBytes()
    for (const [index, page] of this.#pages) copy.#pages.set(index, Buffer.from(page))
    copy.sizeBytes = this.sizeBytes
    return copy
  }

  #page(index: number): Buffer {
    let page = this.#pages.get(index)
    if (page === undefined) {
      page = Buffer.alloc(pageBytes)
      this.#pages.set(index, page)
    }
    return page
  }
}
