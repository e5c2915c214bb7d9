//! On which cores a thread runs.

use std::io;

/// Most cores that the system's own set has.
const MAX_CORES: usize = 1024;

/// The cores that the calling thread may run on, by the system's numbers, in order.
///
/// # Errors
///
/// When the system doesn't say.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "a system call")]
pub fn allowed_cores() -> io::Result<Vec<usize>> {
    let mut set = nobody();
    // SAFETY: the system writes no more than the set's size.
    let done = unsafe { libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &raw mut set) };
    if done != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: every number is below the set's size.
    let holds = |core: &usize| unsafe { libc::CPU_ISSET(*core, &set) };
    Ok((0..MAX_CORES).filter(holds).collect())
}

/// The set of no cores.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "a value of C's")]
fn nobody() -> libc::cpu_set_t {
    // SAFETY: the set is plain bits, for which zero is a value.
    unsafe { std::mem::zeroed() }
}

/// From now on the calling thread, and those that it starts, run on `cores` alone. Numbers that the set has no room for
/// are left out.
///
/// # Errors
///
/// When the process may run on none of them.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "a system call")]
pub fn stay_on(cores: &[usize]) -> io::Result<()> {
    let mut set = nobody();
    for core in cores.iter().filter(|core| **core < MAX_CORES) {
        // SAFETY: the number is below the set's size.
        unsafe { libc::CPU_SET(*core, &mut set) };
    }
    // SAFETY: the system reads no more than the set's size.
    let done = unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set) };
    match done {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Elsewhere nobody was asked how.
///
/// # Errors
///
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn allowed_cores() -> io::Result<Vec<usize>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Elsewhere nobody was asked how.
///
/// # Errors
///
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn stay_on(_: &[usize]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::super::Pool;
    use super::*;

    #[test]
    fn a_thread_and_those_it_starts_stay_where_they_are_told() {
        let before = allowed_cores().unwrap();
        let own = vec![*before.last().unwrap()];
        let told = own.clone();
        let (there, in_pool) = std::thread::spawn(move || {
            stay_on(&told).unwrap();
            let pool = Pool::new(3).unwrap();
            let seen = std::sync::Mutex::new(Vec::new());
            pool.for_each(64, &|_| seen.lock().unwrap().push(allowed_cores().unwrap()));
            (allowed_cores().unwrap(), seen.into_inner().unwrap())
        })
        .join()
        .unwrap();
        assert_eq!(there, own);
        assert_eq!(in_pool.len(), 64);
        assert!(in_pool.iter().all(|cores| *cores == own));
        assert_eq!(allowed_cores().unwrap(), before, "nobody else moves");
    }

    #[test]
    fn cores_that_are_not_there_are_no_place() {
        assert!(stay_on(&[]).is_err());
        assert!(stay_on(&[MAX_CORES]).is_err());
    }
}
