import { describe, expect, it } from "vitest";
import { type Evidence, type Identity, identify } from "../../processors/files/identity.ts";

const KNOWN: Evidence = {
  isSameInode: false,
  isSameHead: true,
  knownBytes: 10_000,
  isKnownComplete: true,
  isKnownStream: false,
  isWhole: true,
  length: "longer",
  isSameTail: null,
  isSamePrefix: null,
  isPartOfOriginal: null,
  isRotated: false,
  isOriginalGone: null,
};

const CASES: readonly [string, Partial<Evidence>, Identity][] = [
  ["another beginning is another file", { isSameHead: false }, "new"],
  ["another beginning at the same inode: rewritten in place", { isSameHead: false, isSameInode: true }, "new"],
  ["same inode: the tail has to be read", { isSameInode: true }, "read_tail"],
  ["same inode and tail: grown or renamed", { isSameInode: true, isSameTail: true }, "same"],
  ["same inode, same length", { isSameInode: true, isSameTail: true, length: "equal" }, "same"],
  ["same inode, other tail: rewritten in place", { isSameInode: true, isSameTail: false }, "new"],
  ["same inode, shorter: truncated", { isSameInode: true, length: "shorter" }, "new"],
  ["same inode, nothing taken in yet", { isSameInode: true, knownBytes: 0 }, "same"],
  ["nothing taken in proves nothing", { knownBytes: 0 }, "new"],
  ["other inode: all of it has to be read", {}, "read_prefix"],
  ["other inode, same bytes: a copy that grew", { isSamePrefix: true }, "copy"],
  ["other inode, other bytes", { isSamePrefix: false }, "new"],
  ["shorter: the original has to be read", { length: "shorter" }, "read_original"],
  ["shorter and a part of the original", { length: "shorter", isPartOfOriginal: true }, "copy"],
  ["shorter and not provable", { length: "shorter", isPartOfOriginal: false }, "new"],
  ["few bytes in common and more to come: a banner", { knownBytes: 100, isSamePrefix: true }, "new"],
  [
    "few bytes, under a name that rotation gives: the place has to be looked at",
    { knownBytes: 100, isSamePrefix: true, isRotated: true },
    "read_place",
  ],
  [
    "few bytes, rotated away from where they were",
    { knownBytes: 100, isSamePrefix: true, isRotated: true, isOriginalGone: true },
    "copy",
  ],
  [
    "few bytes that are still where they were: a banner of two files",
    { knownBytes: 100, isSamePrefix: true, isRotated: true, isOriginalGone: false },
    "new",
  ],
  ["few bytes but all there are: a copy", { knownBytes: 100, isSamePrefix: true, length: "equal" }, "copy"],
  [
    "few bytes, all there are until now: it may grow otherwise",
    { knownBytes: 100, isSamePrefix: true, length: "equal", isWhole: false },
    "new",
  ],
  [
    "few bytes of a pipe that was broken off",
    { knownBytes: 100, isSamePrefix: true, isKnownStream: true, isKnownComplete: false },
    "copy",
  ],
  ["few bytes of a pipe that ended", { knownBytes: 100, isSamePrefix: true, isKnownStream: true }, "new"],
];

describe("identify", () => {
  it.each(CASES)("%s", (_, evidence, identity) => {
    expect(identify({ ...KNOWN, ...evidence })).toBe(identity);
  });
});
