using System.Collections.Concurrent;
using System.Data.Common;
using System.Linq.Expressions;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Refinery.Kernel.Storage;

/// <summary>Hands the properties of a parameter object to a statement, by code compiled once per type of object.</summary>
internal sealed partial class ParameterBinder
{
    private static readonly ConcurrentDictionary<Type, ParameterBinder> Binders = new();

    private readonly Action<object, ISqlValues, int[]> bind;

    private ParameterBinder(Type type)
    {
        PropertyInfo[] properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance);
        Names = [.. properties.Select(property => property.Name)];
        bind = Compile(type, properties);
    }

    /// <summary>The binder of a type; made at first use.</summary>
    public static ParameterBinder Of(Type type) => Binders.GetOrAdd(type, static key => new ParameterBinder(key));

    /// <summary>The properties, in the order of the positions that <see cref="Bind"/> takes.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Gives a command a parameter for each property that its text names; what it does not name is not sent.</summary>
    /// <returns>The positions of all properties, from 1 on; 0 for one that is not named.</returns>
    public int[] Declare(DbCommand command)
    {
        var named = NamedIn(command.CommandText);
        command.Parameters.Clear();
        foreach (var name in named)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            command.Parameters.Add(parameter);
        }

        return PositionsAmong(named);
    }

    /// <summary>The positions of all properties among some names, from 1 on; 0 for one that is not among them.</summary>
    public int[] PositionsAmong(IEnumerable<string> names)
    {
        var named = names.ToList();
        return [.. Names.Select(name => named.IndexOf(name) + 1)];
    }

    /// <summary>The properties that a text names as parameters, in their order.</summary>
    public string[] NamedIn(string text)
    {
        var named = Parameter().Matches(text).Select(match => match.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        return [.. Names.Where(named.Contains)];
    }

    /// <summary>A parameter in a text.</summary>
    [GeneratedRegex(@"@(?<name>\w+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    public static partial Regex Parameter();

    /// <summary>Sets every value whose position is not 0.</summary>
    public void Bind(object parameters, ISqlValues values, int[] positions) => bind(parameters, values, positions);

    private static Action<object, ISqlValues, int[]> Compile(Type type, PropertyInfo[] properties)
    {
        var parameters = Expression.Parameter(typeof(object));
        var values = Expression.Parameter(typeof(ISqlValues));
        var positions = Expression.Parameter(typeof(int[]));
        var typed = Expression.Variable(type);
        List<Expression> body = [Expression.Assign(typed, Expression.Convert(parameters, type))];
        for (var index = 0; index < properties.Length; index++)
        {
            var position = Expression.ArrayIndex(positions, Expression.Constant(index));
            var value = ToSql(Expression.Property(typed, properties[index]));
            var set = typeof(ISqlValues).GetMethod(nameof(ISqlValues.Set), [typeof(int), value.Type]);
            body.Add(Expression.IfThen(
                Expression.NotEqual(position, Expression.Constant(0)),
                set is null ? Expression.Throw(Expression.Constant(Unportable(properties[index]))) : Expression.Call(values, set, position, value)));
        }

        return Expression.Lambda<Action<object, ISqlValues, int[]>>(Expression.Block([typed], body), parameters, values, positions).Compile();
    }

    /// <summary>The property's value as one of the kinds that <see cref="ISqlValues"/> takes.</summary>
    private static Expression ToSql(Expression value) => Type.GetTypeCode(Nullable.GetUnderlyingType(value.Type) ?? value.Type) switch
    {
        TypeCode.Int32 or TypeCode.Int64 => Expression.Convert(value, typeof(long?)),
        TypeCode.Double => Expression.Convert(value, typeof(double?)),
        TypeCode.Boolean => Expression.Call(((Func<bool?, long?>)Flag).Method, Expression.Convert(value, typeof(bool?))),
        TypeCode.Object when value.Type != typeof(byte[]) && (Nullable.GetUnderlyingType(value.Type) ?? value.Type) == typeof(DateTimeOffset) =>
            Expression.Call(((Func<DateTimeOffset?, string?>)Text).Method, Expression.Convert(value, typeof(DateTimeOffset?))),
        TypeCode.Object when value.Type == typeof(ReadOnlyMemory<byte>) => Expression.Convert(value, typeof(ReadOnlyMemory<byte>?)),
        _ => value,
    };

    private static long? Flag(bool? value) => value is { } flag ? flag ? 1 : 0 : null;

    private static string? Text(DateTimeOffset? value) => value is { } instant ? Instant.Format(instant) : null;

    private static ArgumentException Unportable(PropertyInfo property) =>
        new($"The parameter {property.Name} of type {property.PropertyType.Name} has no portable column type.");
}
