//! Finds where to resume. Steps are completed in order, each in one transaction, so the completed ones come first.

/// Returns the first incomplete step, by binary search.
pub(super) async fn first_missing(
    steps: u64,
    mut is_there: impl AsyncFnMut(u64) -> anyhow::Result<bool>,
) -> anyhow::Result<u64> {
    let (mut low, mut high) = (0, steps);
    while low < high {
        let middle = low.midpoint(high);
        if is_there(middle).await? {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn filling_goes_on_behind_the_last_step_that_is_there() {
        for steps in 0..20 {
            for done in 0..=steps {
                let found = first_missing(steps, async |step| Ok(step < done)).await;
                assert_eq!(found.unwrap(), done);
            }
        }
    }
}
