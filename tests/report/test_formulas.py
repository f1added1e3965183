from septima.report.formulas import typeset, weight_text, with_numbers


def test_numbers_put_into_the_printed_formula_bracket_what_is_negative():
    terms = [(1.0, 0.714), (1.2, 0.42), (0.8, -0.05)]
    # 0.714 + 0.504 − 0.04 = 1.178; divided by three, 0.393
    assert with_numbers(terms, 1.178 / 3, "ru") == "(1·0,714 + 1,2·0,420 + 0,8·(−0,050)) / 3 = 0,393"
    assert with_numbers(terms, 1.178 / 3, "en") == "(1·0.714 + 1.2·0.420 + 0.8·(−0.050)) / 3 = 0.393"


def test_an_undefined_term_stays_visible():
    assert with_numbers([(1.0, None), (1.0, 0.5)], None, "en") == "(1·— + 1·0.500) / 2 = —"


def test_subscripts_are_set_and_names_of_columns_are_left():
    assert typeset("(C_prev − C_cur) / C_prev") == (
        "(<var>C</var><sub>prev</sub> − <var>C</var><sub>cur</sub>) / <var>C</var><sub>prev</sub>"
    )
    assert typeset("gross_margin < 1") == "gross_margin &lt; 1"


def test_weights_keep_the_places_they_were_given():
    assert [weight_text(weight, "ru") for weight in (1.0, 0.85, 1.1429, 1 / 3)] == ["1", "0,85", "1,1429", "0,3333"]
