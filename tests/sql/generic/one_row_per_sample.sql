{#
    Fails for an assay whose lists do not give exactly one row for each feature and sample: a
    feature with two lists, a position with two samples or none, and rows that were lost or
    multiplied. `model` unnests the lists (assay, feature_id) of `lists` by `samples` (assay,
    position, sample_id); its keys and sample_id are then unique. Cheap where a test of every
    single row would be dear.
#}
{% test one_row_per_sample(model, keys, lists, samples) %}

    with

    row_numbers as (

        select
            assay,
            count(*) as n_rows
        from {{ model }}
        group by assay

    ),

    list_numbers as (

        select
            assay,
            count(*) as n_lists,
            count(distinct feature_id) as n_features
        from {{ lists }}
        group by assay

    ),

    sample_numbers as (

        select
            assay,
            count(*) as n_positions,
            count(distinct sample_id) as n_samples,
            max(position) as last_position
        from {{ samples }}
        group by assay

    )

    select
        list_numbers.assay,
        list_numbers.n_lists,
        list_numbers.n_features,
        sample_numbers.n_positions,
        sample_numbers.n_samples,
        row_numbers.n_rows
    from list_numbers
    left join sample_numbers
        on list_numbers.assay = sample_numbers.assay
    left join row_numbers
        on list_numbers.assay = row_numbers.assay
    where
        list_numbers.n_lists <> list_numbers.n_features
        or sample_numbers.n_positions <> sample_numbers.n_samples
        or sample_numbers.n_positions <> sample_numbers.last_position
        or row_numbers.n_rows is null
        or row_numbers.n_rows <> list_numbers.n_lists * sample_numbers.n_positions

{% endtest %}
