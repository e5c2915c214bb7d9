use super::*;

const LOGITS: [f32; 6] = [2.0, 1.0, 0.5, 0.0, -1.0, -3.0];

fn options(change: impl FnOnce(&mut SamplingOptions)) -> SamplingOptions {
    let mut options = SamplingOptions::default();
    change(&mut options);
    options
}

fn choice(options: SamplingOptions, seed: u64, prompt: &[u32]) -> Choice {
    Choice::new(Sampling::new(options).unwrap(), seed, prompt, None)
}

/// Draws many times and compares with `expected` weights (chi-square, 0.1 % level).
fn check_distribution(name: &str, options: &SamplingOptions, expected: &[f64]) {
    let draws = 20_000_u32;
    let total: f64 = expected.iter().sum();
    let mut found = vec![0_u32; LOGITS.len()];
    let mut sampler = Sampler::default();
    let mut choice = choice(options.clone(), 7, &[]);
    for _ in 0..draws {
        choice.seen.clear();
        found[sampler.next(&LOGITS, &mut choice).unwrap() as usize] += 1;
    }
    let mut chi = 0.0;
    let mut freedom = 0_usize;
    for (found, weight) in found.iter().zip(expected) {
        if *weight == 0.0 {
            assert_eq!(*found, 0, "{name}: a filtered token was drawn");
            continue;
        }
        let wanted = weight / total * f64::from(draws);
        chi += (f64::from(*found) - wanted).powi(2) / wanted;
        freedom += 1;
    }
    let bound = [f64::INFINITY, 1e-9, 10.83, 13.82, 16.27, 18.47, 20.52][freedom];
    assert!(
        chi < bound,
        "{name}: chi-square {chi} with {freedom} tokens"
    );
}

#[test]
fn draws_follow_the_exact_probabilities() {
    let e = |x: f64| x.exp();
    let plain: Vec<f64> = LOGITS.iter().map(|x| e(f64::from(*x))).collect();
    let first = |n: usize| {
        (0..6)
            .map(|i| if i < n { plain[i] } else { 0.0 })
            .collect::<Vec<_>>()
    };
    check_distribution("plain", &options(|_| ()), &plain);
    let hot: Vec<f64> = LOGITS.iter().map(|x| e(f64::from(*x) / 2.0)).collect();
    check_distribution("temperature", &options(|o| o.temperature = 2.0), &hot);
    check_distribution("top-k", &options(|o| o.top_k = Some(3)), &first(3));
    check_distribution("top-k 1", &options(|o| o.top_k = Some(1)), &first(1));
    // Shares: .563 .207 .126 .076 .028 .004; so .7 needs two, .8 three.
    check_distribution("top-p .7", &options(|o| o.top_p = 0.7), &first(2));
    check_distribution("top-p .8", &options(|o| o.top_p = 0.8), &first(3));
    check_distribution("top-p tiny", &options(|o| o.top_p = 1e-6), &first(1));
    // Relative to the first: 1 .368 .223 .135 .050 .007.
    check_distribution("min-p", &options(|o| o.min_p = 0.1), &first(4));
    // Top-p counts within the two that top-k left: .731 and .269.
    let both = options(|o| {
        o.top_k = Some(2);
        o.top_p = 0.73;
    });
    check_distribution("top-k, top-p", &both, &first(1));
    let biased: Vec<f64> = (0..6)
        .map(|i| if i == 3 { plain[3] * e(1.5) } else { plain[i] })
        .collect();
    check_distribution(
        "bias",
        &options(|o| o.logit_bias = [(3, 1.5)].into()),
        &biased,
    );
}

#[test]
fn greedy_takes_the_lowest_of_equals_and_no_nan() {
    let greedy = |row: &[f32]| {
        let options = options(|o| o.temperature = 0.0);
        Sampler::default().next(row, &mut choice(options, 0, &[]))
    };
    assert_eq!(greedy(&[1.0, 3.0, 3.0]), Ok(1));
    assert_eq!(greedy(&[f32::NAN, -5.0, f32::NAN]), Ok(1));
    assert_eq!(greedy(&[f32::NAN, f32::NEG_INFINITY]), Err(NoToken));
    assert_eq!(greedy(&[]), Err(NoToken));
}

#[test]
fn odd_logits_never_give_an_impossible_token() {
    let row = [f32::NAN, f32::INFINITY, 0.0, f32::NEG_INFINITY];
    let settings: [fn(&mut SamplingOptions); 3] =
        [|_| (), |o| o.top_p = 0.5, |o| o.top_k = Some(2)];
    for change in settings {
        let mut choice = choice(options(change), 3, &[]);
        assert_eq!(Sampler::default().next(&row, &mut choice), Ok(1));
        let none = [f32::NAN, f32::NEG_INFINITY];
        assert_eq!(Sampler::default().next(&none, &mut choice), Err(NoToken));
    }
}

#[test]
fn penalties_change_what_they_should() {
    let after = |options: SamplingOptions, prompt: &[u32], generated: &[u32]| {
        let mut choice = choice(options, 0, prompt);
        generated.iter().for_each(|token| choice.accept(*token));
        let mut row = LOGITS.to_vec();
        adjust(&mut row, &mut choice);
        row
    };
    // OpenAI's two count generated tokens only.
    let frequency = options(|o| o.frequency_penalty = 0.5);
    assert_eq!(
        after(frequency, &[1], &[0, 0]),
        [1.0, 1.0, 0.5, 0.0, -1.0, -3.0]
    );
    let presence = options(|o| o.presence_penalty = 0.5);
    assert_eq!(
        after(presence, &[1], &[0, 0]),
        [1.5, 1.0, 0.5, 0.0, -1.0, -3.0]
    );
    // Repetition counts the prompt too, and pushes away from zero on either side.
    let repetition = options(|o| o.repetition_penalty = 2.0);
    assert_eq!(
        after(repetition, &[1, 99], &[0, 4]),
        [1.0, 0.5, 0.5, 0.0, -2.0, -3.0]
    );
}

#[test]
fn a_draw_depends_on_seed_and_position_alone() {
    let run = |seed| {
        let mut choice = choice(options(|o| o.seed = Some(seed)), 0, &[]);
        let mut sampler = Sampler::default();
        (0..32)
            .map(|_| sampler.next(&LOGITS, &mut choice).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

/// Few different weights, so that many are equal; some are 0.
fn weights(n: u16, different: u16) -> Vec<f32> {
    (0..n)
        .map(|i| f32::from(i.wrapping_mul(7919) % different) / 400.0)
        .map(|x| if x < 0.01 { 0.0 } else { x.exp() })
        .collect()
}

fn sorted(weights: &[f32]) -> Vec<Candidate> {
    let mut sorted: Vec<Candidate> = weights.iter().copied().zip(0..).collect();
    sorted.retain(|(weight, _)| *weight > 0.0);
    sorted.sort_by(likelier);
    sorted
}

#[test]
fn the_likeliest_are_those_of_a_full_sort() {
    for (n, different) in [(5000, 1000), (5000, 7), (130, 40), (64, 3), (1, 9), (0, 9)] {
        let weights = weights(n, different);
        let sorted = sorted(&weights);
        for k in [0, 1, 2, 63, 64, 65, 500, 4999, 6000] {
            let mut found = Vec::new();
            likeliest(&weights, k, &mut found);
            assert_eq!(found, sorted[..k.min(sorted.len())], "{k} of {n}");
        }
    }
}

#[test]
fn a_wide_nucleus_equals_a_full_sort() {
    let weights = weights(5000, 1000);
    let sorted = sorted(&weights);
    let total = weight_of(&sorted);
    for top_p in [0.01, 0.3, 0.9, 0.999] {
        let mut sampler = Sampler {
            weights: weights.clone(),
            ..Sampler::default()
        };
        sampler.nucleus(top_p);
        let mut sum = 0.0;
        let n = sorted.iter().position(|(w, _)| {
            sum += f64::from(*w);
            sum >= top_p * total
        });
        assert_eq!(sampler.candidates, sorted[..=n.unwrap()]);
    }
}

#[test]
fn a_draw_from_all_is_where_the_sum_says() {
    let weights = weights(1000, 100);
    let total: f64 = weights.iter().map(|w| f64::from(*w)).sum();
    for step in 0..=1000_u16 {
        let at = f64::from(step) / 1000.0;
        let token = pick_dense(&weights, at).unwrap() as usize;
        let before: f64 = weights[..token].iter().map(|w| f64::from(*w)).sum();
        let until = before + f64::from(weights[token]);
        let wanted = (at * total).min(total - 1e-9);
        assert!(before <= wanted + 1e-9 && wanted <= until + 1e-9, "{step}");
        assert!(weights[token] > 0.0);
    }
    assert_eq!(pick_dense(&[0.0; 70], 0.5), None);
}

#[test]
fn logprobs_are_the_models_own() {
    let total: f64 = LOGITS.iter().map(|x| f64::from(*x).exp()).sum();
    let exact = |token: usize| f64::from(LOGITS[token]) - total.ln();
    let found = Logprobs::of(&LOGITS, 3, 2);
    assert!((f64::from(found.logprob) - exact(3)).abs() < 1e-6);
    assert_eq!(found.top.len(), 2);
    for (nth, (token, logprob)) in found.top.iter().enumerate() {
        assert_eq!(*token as usize, nth);
        assert!((f64::from(*logprob) - exact(nth)).abs() < 1e-6);
    }
    let odd = [f32::NAN, 1.0, f32::NEG_INFINITY];
    let found = Logprobs::of(&odd, 1, 9);
    assert_eq!(found.logprob, 0.0);
    assert_eq!(found.top, [(1, 0.0), (2, f32::NEG_INFINITY)]);
}

#[test]
fn a_mask_has_the_last_word() {
    struct Only(u32, Vec<u32>);
    impl TokenMask for Only {
        fn apply(&mut self, logits: &mut [f32]) {
            for (token, logit) in (0..).zip(logits) {
                if token != self.0 {
                    *logit = f32::NEG_INFINITY;
                }
            }
        }
        fn accept(&mut self, token: u32) {
            self.1.push(token);
            self.0 += 1;
        }
    }
    let options = options(|o| o.logit_bias = [(0, 100.0)].into());
    let mask = Box::new(Only(3, Vec::new()));
    let mut choice = Choice::new(Sampling::new(options).unwrap(), 0, &[], Some(mask));
    let mut sampler = Sampler::default();
    assert_eq!(sampler.next(&LOGITS, &mut choice), Ok(3));
    assert_eq!(sampler.next(&LOGITS, &mut choice), Ok(4));
}
