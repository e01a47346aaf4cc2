/**
 * Follows the frames of a zstd stream by their headers (RFC 8878, section 3.1), because the decoder stops silently
 * after a frame whose end lies inside a write, and does not tell when the stream ends in the middle of one.
 */
export interface ZstdFrames {
  /** Where the piece bytes[from, …) ends that reaches at most to the end of the frame it is in. */
  pieceEnd(bytes: Buffer, from: number): number;
  /** The stream could end here: no frame is open. */
  readonly isBetween: boolean;
}

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const RLE_BLOCK = 1;

export function createZstdFrames(): ZstdFrames {
  let state: "magic" | "skippable" | "descriptor" | "block" | "lost" = "magic";
  /** Little-endian number being read, and how many of its bytes are there. */
  let number = 0;
  let held = 0;
  /** Content that is passed over, and whether the frame ends after it. */
  let skip = 0;
  let isLast = false;
  let checksumBytes = 0;

  /** Takes one byte of a header; true when the header is complete. */
  function take(byte: number, size: number): boolean {
    number += byte * 2 ** (8 * held);
    held++;
    return held === size;
  }

  function header(byte: number): void {
    if (state === "magic") {
      if (!take(byte, 4)) return;
      if (number === FRAME_MAGIC) state = "descriptor";
      else if ((number & 0xfffffff0) === SKIPPABLE_MAGIC) state = "skippable";
      else state = "lost";
    } else if (state === "skippable") {
      if (!take(byte, 4)) return;
      skip = number;
      isLast = true;
    } else if (state === "descriptor") {
      const isSingleSegment = (byte & 0x20) !== 0;
      const contentSize = byte >> 6;
      checksumBytes = byte & 4 ? 4 : 0;
      skip =
        (isSingleSegment ? 0 : 1) +
        DICTIONARY_ID_BYTES[byte & 3] +
        (contentSize === 0 && isSingleSegment ? 1 : CONTENT_SIZE_BYTES[contentSize]);
      state = "block";
    } else {
      if (!take(byte, 3)) return;
      isLast = (number & 1) === 1;
      skip = ((number >> 1) & 3) === RLE_BLOCK ? 1 : number >> 3;
      if (isLast) skip += checksumBytes;
    }
    number = 0;
    held = 0;
  }

  return {
    get isBetween() {
      return state === "magic" && held === 0;
    },
    pieceEnd(bytes, from) {
      let position = from;
      while (position < bytes.length) {
        if (state === "lost") return bytes.length;
        if (skip > 0) {
          const step = Math.min(skip, bytes.length - position);
          skip -= step;
          position += step;
        } else {
          header(bytes[position++]);
        }
        if (isLast && skip === 0) {
          isLast = false;
          checksumBytes = 0;
          state = "magic";
          return position;
        }
      }
      return position;
    },
  };
}
