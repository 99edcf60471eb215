using Refinery.Hints;
using Refinery.Kernel.Web;

namespace Refinery.Tests.Hints;

/// <summary>Every hint of the catalogue keeps what it promises.</summary>
public sealed class SeedCatalogueTests
{
    private static readonly IReadOnlyList<SeedHint> Seeds = SeedCatalogue.Read();

    public static TheoryData<string> Ids => [.. Seeds.Select(seed => seed.Id)];

    [Fact]
    public void The_catalogue_has_at_least_ninety_hints_with_ids_of_their_own()
    {
        Assert.True(Seeds.Count >= 90, $"{Seeds.Count} hints");
        Assert.Equal(Seeds.Count, Seeds.Select(seed => seed.Id).Distinct().Count());
        Assert.All(Seeds, seed => Assert.Matches("^hint-[a-z0-9-]+$", seed.Id));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_hint_matches_its_example_and_not_its_near_miss(string id)
    {
        var seed = Seeds.Single(hint => hint.Id == id);
        var matcher = new HintMatcher([seed.ToHint()], TimeProvider.System);

        Assert.Equal([id], matcher.Match($"before\n{seed.Example}\nafter", package: null).Select(match => match.Id));
        Assert.Empty(matcher.Match($"before\n{seed.NearMiss}\nafter", package: null));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_hint_would_be_taken_from_a_client_too(string id)
    {
        var seed = Seeds.Single(hint => hint.Id == id);

        var fault = new HintRequest(seed.Pattern, seed.Recipes, seed.Note, seed.AppliesTo, seed.Confidence).Fault();

        Assert.Null(fault);
        Assert.EndsWith(".", seed.Note);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_hint_says_what_every_line_it_matches_must_hold(string id)
    {
        var seed = Seeds.Single(hint => hint.Id == id);

        var branches = PatternReader.Read(seed.Pattern, out _);

        Assert.All(branches, branch => Assert.NotNull(branch.Requirement));
        Assert.Contains(branches, branch => branch.Requirement!.IsMet(seed.Example, StringComparison.Ordinal));
    }

    [Fact]
    public void The_best_hint_for_an_example_is_the_one_it_belongs_to()
    {
        var matcher = new HintMatcher(Seeds.Select(seed => seed.ToHint()), TimeProvider.System);

        foreach (var seed in Seeds)
        {
            var matched = matcher.Match(seed.Example, package: null).Select(match => match.Id).ToList();

            Assert.Contains(seed.Id, matched);
            Assert.True(matched.Count <= 2, $"{seed.Id}: {string.Join(", ", matched)}");
        }
    }

    [Fact]
    public void A_healthy_log_matches_no_hint()
    {
        var matcher = new HintMatcher(Seeds.Select(seed => seed.ToHint()), TimeProvider.System);

        Assert.Empty(matcher.Match(File.ReadAllText(Path.Combine(Paths.Repository, "tests", "Hints", "healthy.txt")), package: null));
    }

    [Fact]
    public void No_recipe_of_the_catalogue_names_an_unknown_manager_or_an_empty_list() =>
        Assert.All(Seeds.SelectMany(seed => seed.Recipes), recipe =>
        {
            Assert.Contains(recipe.Key, (string[])["apt", "dnf", "pip", "env"]);
            Assert.NotEmpty(recipe.Value);
        });

    [Fact]
    public void The_catalogue_is_valid_for_the_one_json_policy() =>
        Assert.NotNull(System.Text.Json.JsonSerializer.Serialize(Seeds, RefineryJson.Options));
}
