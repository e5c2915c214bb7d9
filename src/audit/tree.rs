//! The Merkle tree of RFC 6962 section 2.1 (RFC 9162 keeps it): hashes, heads, proofs.

use sha2::{Digest as _, Sha256};

use crate::types::Digest;

/// The hash of a leaf: `SHA-256(0x00 ‖ entry)`.
pub fn leaf_hash(entry: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(entry);
    Digest::from_bytes(hash.finalize().into())
}

/// The hash of an inner node: `SHA-256(0x01 ‖ left ‖ right)`.
fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left.as_bytes());
    hash.update(right.as_bytes());
    Digest::from_bytes(hash.finalize().into())
}

/// The right edge of a growing tree: the roots of its perfect subtrees, the largest first. All that is
/// needed to append and to tell the root; at most 64 hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Digest>,
}

impl Frontier {
    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash.
    pub fn push(&mut self, leaf: Digest) {
        let mut node = leaf;
        // Every trailing one bit of the size is a perfect subtree that the new leaf completes.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.roots.push(node);
        self.size += 1;
    }

    /// The root over all leaves; of no leaves, the hash of nothing.
    pub fn root(&self) -> Digest {
        let mut roots = self.roots.iter().rev();
        match roots.next() {
            None => Digest::of(b""),
            Some(last) => roots.fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

/// The root over `leaves`.
pub fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(b""),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// The proof that leaf `index` is under the root over `leaves` (RFC 6962 section 2.1.1); `None` when
/// there is no such leaf.
pub fn inclusion_proof(leaves: &[Digest], index: usize) -> Option<Vec<Digest>> {
    if index >= leaves.len() {
        return None;
    }
    let (mut rest, mut at) = (leaves, index);
    let mut proof = Vec::new();
    while rest.len() > 1 {
        let (left, right) = rest.split_at(split(rest.len()));
        if at < left.len() {
            proof.push(root(right));
            rest = left;
        } else {
            proof.push(root(left));
            at -= left.len();
            rest = right;
        }
    }
    proof.reverse();
    Some(proof)
}

/// The proof that the tree over the first `size` of `leaves` is a beginning of the tree over all of them
/// (RFC 6962 section 2.1.2); `None` when `size` is 0 or too large.
pub fn consistency_proof(leaves: &[Digest], size: usize) -> Option<Vec<Digest>> {
    if size == 0 || size > leaves.len() {
        return None;
    }
    let (mut rest, mut old) = (leaves, size);
    let mut proof = Vec::new();
    // Whether `rest` begins where the old tree does, so that the old root is known to the verifier.
    let mut whole = true;
    while old != rest.len() {
        let (left, right) = rest.split_at(split(rest.len()));
        if old <= left.len() {
            proof.push(root(right));
            rest = left;
        } else {
            proof.push(root(left));
            old -= left.len();
            rest = right;
            whole = false;
        }
    }
    if !whole {
        proof.push(root(rest));
    }
    proof.reverse();
    Some(proof)
}

/// Whether `proof` shows that `leaf` is entry `index` under `root` of `size` entries (RFC 9162 section
/// 2.1.3.2). Shares no code with the making of proofs.
pub fn verify_inclusion(
    leaf: &Digest,
    index: u64,
    size: u64,
    proof: &[Digest],
    root: &Digest,
) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for step in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(step, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, step);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `proof` shows that the tree of `old_size` entries under `old_root` is a beginning of the tree
/// of `new_size` entries under `new_root` (RFC 9162 section 2.1.4.2).
pub fn verify_consistency(
    old_size: u64,
    new_size: u64,
    old_root: &Digest,
    new_root: &Digest,
    proof: &[Digest],
) -> bool {
    if old_size == 0 || old_size > new_size {
        return false;
    }
    if old_size == new_size {
        return proof.is_empty() && old_root == new_root;
    }
    let mut path = proof.iter();
    let first = if old_size.is_power_of_two() {
        old_root
    } else {
        match path.next() {
            Some(first) => first,
            None => return false,
        }
    };
    let (mut node, mut last) = (old_size - 1, new_size - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (*first, *first);
    for step in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(step, &old_hash);
            new_hash = node_hash(step, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, step);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

/// The largest power of two below `len`, for `len` of 2 and more.
fn split(len: usize) -> usize {
    1 << (len - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The inputs of the reference test of the certificate-transparency project.
    fn reference_leaves() -> Vec<Digest> {
        let inputs: [&[u8]; 8] = [
            b"",
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[
                0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
                0x6e, 0x6f,
            ],
        ];
        inputs.iter().map(|input| leaf_hash(input)).collect()
    }

    /// Roots over the first 1 to 8 of them, from that project's tests.
    const REFERENCE_ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn roots_agree_with_the_reference() {
        let leaves = reference_leaves();
        let mut frontier = Frontier::default();
        assert_eq!(frontier.root().to_string(), Digest::of(b"").to_string());
        for (at, expected) in REFERENCE_ROOTS.iter().enumerate() {
            frontier.push(leaves[at]);
            assert_eq!(&frontier.root().to_string(), expected);
            assert_eq!(&root(&leaves[..=at]).to_string(), expected);
        }
    }

    #[test]
    fn proofs_agree_with_the_reference() {
        let leaves = reference_leaves();
        let text = |proof: Option<Vec<Digest>>| -> Vec<String> {
            proof.unwrap().iter().map(Digest::to_string).collect()
        };
        assert_eq!(
            text(inclusion_proof(&leaves, 0)),
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ]
        );
        assert_eq!(
            text(inclusion_proof(&leaves[..3], 2)),
            ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]
        );
        assert_eq!(
            text(consistency_proof(&leaves, 6)),
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
        assert!(text(consistency_proof(&leaves, 8)).is_empty());
        assert_eq!(inclusion_proof(&leaves, 8), None);
        assert_eq!(consistency_proof(&leaves, 0), None);
    }

    #[test]
    fn proofs_of_every_size_verify_and_wrong_ones_do_not() {
        let leaves: Vec<Digest> = (0_u8..70).map(|n| leaf_hash(&[n])).collect();
        for size in 1..=leaves.len() {
            let tree = &leaves[..size];
            let (head, total) = (root(tree), size as u64);
            for index in 0..size {
                let proof = inclusion_proof(tree, index).unwrap();
                let check = |leaf: &Digest, at, proof: &[Digest]| {
                    verify_inclusion(leaf, at, total, proof, &head)
                };
                assert!(check(&tree[index], index as u64, &proof));
                assert!(!check(&Digest::of(b"x"), index as u64, &proof));
                assert!(!check(&tree[index], total, &proof));
                if let Some((_, shorter)) = proof.split_first() {
                    assert!(!check(&tree[index], index as u64, shorter));
                }
                let old = index + 1;
                let proof = consistency_proof(tree, old).unwrap();
                let old_head = root(&tree[..old]);
                assert!(verify_consistency(
                    old as u64, total, &old_head, &head, &proof
                ));
                assert!(!verify_consistency(
                    old as u64,
                    total,
                    &Digest::of(b"x"),
                    &head,
                    &proof
                ));
                if old < size {
                    assert!(!verify_consistency(
                        old as u64, total, &old_head, &old_head, &proof
                    ));
                }
            }
        }
    }
}
