namespace Refinery.Tests.Fleet;

/// <summary>One pod leads at a time: the eldest live one, whatever clocks and sleepers do.</summary>
public sealed class ElectionTests : IAsyncLifetime
{
    private static readonly TimeSpan FailOver = TimeSpan.FromSeconds(10);

    private ElectionYard yard = null!;

    public async Task InitializeAsync() => yard = await ElectionYard.OpenAsync();

    public async Task DisposeAsync() => await yard.DisposeAsync();

    [Fact]
    public async Task The_eldest_leads_and_goes_on_leading()
    {
        var (eldest, middle, youngest) = (await yard.JoinAsync(), await yard.JoinAsync(), await yard.JoinAsync());

        var leads = await yard.LiveAsync(TimeSpan.FromMinutes(2), youngest, middle, eldest);

        Assert.All(leads, lead => Assert.Equal((eldest.PodId, 1), (lead.PodId, lead.Term)));
        Assert.NotEmpty(leads);
    }

    [Fact]
    public async Task A_leader_that_dies_is_followed_within_ten_seconds_by_the_next_eldest()
    {
        var (eldest, middle, youngest) = (await yard.JoinAsync(), await yard.JoinAsync(), await yard.JoinAsync());
        await yard.LiveAsync(TimeSpan.FromSeconds(30), eldest, middle, youngest);

        var leads = await yard.LiveAsync(FailOver, youngest, middle);

        Assert.Equal((middle.PodId, 2), (leads[^1].PodId, leads[^1].Term));
    }

    [Fact]
    public async Task Two_eldest_that_die_together_are_followed_within_ten_seconds()
    {
        var (eldest, middle, youngest) = (await yard.JoinAsync(), await yard.JoinAsync(), await yard.JoinAsync());
        await yard.LiveAsync(TimeSpan.FromSeconds(30), eldest, middle, youngest);

        var leads = await yard.LiveAsync(FailOver, youngest);

        Assert.Equal(youngest.PodId, leads[^1].PodId);
    }

    [Fact]
    public async Task Of_many_who_stand_at_once_one_is_elected()
    {
        var candidates = new List<Candidate>();
        for (var index = 0; index < 16; index++)
        {
            candidates.Add(await yard.JoinAsync());
        }

        for (var election = 1; election <= 20; election++)
        {
            // Free for so long that age does not matter: all of them may take it.
            await Task.WhenAll(candidates.Select(candidate => candidate.Election.CheckAsync(CancellationToken.None)));
            yard.Clock.Advance(FailOver);
            var leads = await Task.WhenAll(candidates.Select(candidate => Task.Run(() => candidate.Election.CheckAsync(CancellationToken.None))));

            Assert.Single(leads.OfType<Refinery.Fleet.Lead>().Distinct());
        }
    }

    [Fact]
    public async Task A_leader_that_slept_knows_it_before_it_has_checked_and_can_write_no_more()
    {
        var (eldest, younger) = (await yard.JoinAsync(), await yard.JoinAsync());
        await yard.LiveAsync(TimeSpan.FromSeconds(30), eldest, younger);
        var slept = eldest.Election.Lead!;

        await yard.LiveAsync(FailOver, younger);

        Assert.Null(eldest.Election.Lead);
        Assert.False(await yard.HoldsAsync(slept));
        Assert.True(await yard.HoldsAsync(younger.Election.Lead!));
    }

    [Fact]
    public async Task An_eldest_that_wakes_up_leads_again_in_a_new_term()
    {
        var (eldest, younger) = (await yard.JoinAsync(), await yard.JoinAsync());
        await yard.LiveAsync(TimeSpan.FromSeconds(30), eldest, younger);
        await yard.LiveAsync(TimeSpan.FromSeconds(60), younger);

        var leads = await yard.LiveAsync(TimeSpan.FromSeconds(30), eldest, younger);

        Assert.Equal((eldest.PodId, 3), (leads[^1].PodId, leads[^1].Term));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task A_clock_that_is_set_neither_ends_a_lead_nor_keeps_a_dead_one(int hours)
    {
        var (eldest, younger) = (await yard.JoinAsync(), await yard.JoinAsync());
        await yard.LiveAsync(TimeSpan.FromSeconds(30), eldest, younger);

        yard.Clock.Set(TimeSpan.FromHours(hours));
        var kept = await yard.LiveAsync(TimeSpan.FromSeconds(30), younger, eldest);
        yard.Clock.Set(TimeSpan.FromHours(hours));
        var followed = await yard.LiveAsync(FailOver, younger);

        Assert.All(kept, lead => Assert.Equal((eldest.PodId, 1), (lead.PodId, lead.Term)));
        Assert.Equal(younger.PodId, followed[^1].PodId);
    }

    [Fact]
    public async Task A_pod_born_under_a_clock_set_back_is_not_the_eldest()
    {
        var eldest = await yard.JoinAsync();
        await yard.LiveAsync(TimeSpan.FromSeconds(30), eldest);

        yard.Clock.Set(TimeSpan.FromHours(-1));
        var younger = await yard.JoinAsync();
        var leads = await yard.LiveAsync(TimeSpan.FromMinutes(1), younger, eldest);

        Assert.All(leads, lead => Assert.Equal(eldest.PodId, lead.PodId));
    }

    [Fact]
    public async Task Who_resigns_is_followed_at_the_next_check_and_stands_no_more()
    {
        var (eldest, younger) = (await yard.JoinAsync(), await yard.JoinAsync());
        await yard.LiveAsync(TimeSpan.FromSeconds(30), eldest, younger);

        await eldest.Election.ResignAsync(CancellationToken.None);
        await yard.LiveAsync(2 * ElectionYard.Round, younger);
        var leads = await yard.LiveAsync(TimeSpan.FromSeconds(8), eldest, younger);

        Assert.Equal(younger.PodId, leads[0].PodId);
        Assert.Null(eldest.Election.Lead);
    }
}
